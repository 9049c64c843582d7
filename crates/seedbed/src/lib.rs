//! The engine of Seedbed: databases, state, guard, media and the verbs.
