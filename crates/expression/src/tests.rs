//! Tables of expressions, items and answers.
