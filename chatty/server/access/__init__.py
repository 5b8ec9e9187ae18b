"""Who may do what: principals, roles and one table of permissions."""
