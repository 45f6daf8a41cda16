"""From exported files to landing tables: finding, reading and registering what came in."""
