"""The people, courses and days of the district that `sandbox.generate` makes up."""
