"""What CONNECT negotiates: version, heart-beats and credentials."""
