"""What is started: settings, the container, the web application, the commands."""
