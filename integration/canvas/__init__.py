"""A Canvas REST client for provisioning: accounts, lists, SIS imports, reports. No Django."""
