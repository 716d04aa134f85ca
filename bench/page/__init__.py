"""What the page takes in a browser: first paint, the table of 100,000 companies, layout shift, weight."""
