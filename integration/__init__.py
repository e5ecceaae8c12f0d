"""The Django project, and everything account-wide: clients, provisioning, the ledger."""
