"""Connection, embedded server, transactions, event log, counters, leases, migrations runner."""
