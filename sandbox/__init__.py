"""A local Canvas and a local Q. Imports nothing of the product, which imports nothing of it."""
