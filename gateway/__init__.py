"""The web application beside the flows. Imports the domain only: neither Prefect nor frames."""
