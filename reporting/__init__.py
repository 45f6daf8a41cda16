"""Scheduled reports: what a release says of accounts at risk, of changes of health and of retention, as a page, a PDF and a workbook."""
