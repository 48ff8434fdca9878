"""The project's own client, a page at `/`: its files, and the headers they are sent with."""
