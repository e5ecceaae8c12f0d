"""The screens of the account: what a district's administrator sees inside Canvas."""
