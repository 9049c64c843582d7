//! The command line of Seedbed.
