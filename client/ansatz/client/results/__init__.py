"""What a caller gets: frozen records with no message of the wire in sight."""
