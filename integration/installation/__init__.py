"""Setting the server up: what is right, what is not, and the way to the first launch."""
