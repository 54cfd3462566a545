"""Which stories and problems belong together: matching, grouping, links kept in the database."""
