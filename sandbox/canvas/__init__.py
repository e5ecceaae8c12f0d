"""The local Canvas: accounts, SIS imports, reports and the REST API around them."""
