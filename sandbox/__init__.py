"""A local Canvas and a local Q. Imports nothing of the product; nothing of the product imports it."""
