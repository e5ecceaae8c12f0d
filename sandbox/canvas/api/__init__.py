"""The REST API of the local Canvas, as far as provisioning needs it."""
