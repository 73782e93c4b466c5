//! What is known of a column of results.
