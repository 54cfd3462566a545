"""Papers: orders and dossiers as pages that can be printed and as Word documents."""
