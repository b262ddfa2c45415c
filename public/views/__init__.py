"""The pages without an account: tracking a case, applying on the web."""
