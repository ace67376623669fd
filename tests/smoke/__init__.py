"""The proof, after a deployment, that a webhook still arrives."""
