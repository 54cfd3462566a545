"""Users, units, administering bodies and the audit trail."""
