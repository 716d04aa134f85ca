"""What `make` starts: the installation, the demo, development servers, a cluster on this machine."""
