"""The local Canvas as an LTI 1.3 platform."""
