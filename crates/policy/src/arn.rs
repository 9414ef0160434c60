//! ARNs in policies: six parts between colons, each matched for itself.
//!
//! "Each of the six colon-delimited components of the ARN is checked separately" ("IAM User Guide: IAM JSON policy elements: Condition
//! operators"; the same for resources in "...: Resource"). The last part may have colons itself. Parts that a pattern leaves out match
//! everything: IAM writes them as `*` in its messages.

use crate::Context;
use crate::pattern::{Case, Notation, Pattern};
use std::cell::OnceCell;

const PARTS: usize = 6;

/// A text that ARNs are compared with, taken apart at most once.
pub(crate) struct ArnText<'t> {
    text: &'t str,
    parts: OnceCell<Option<[&'t str; PARTS]>>,
}

impl<'t> ArnText<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, parts: OnceCell::new() }
    }

    /// Its parts; `None` if it is no ARN.
    fn parts(&self) -> Option<&[&'t str; PARTS]> {
        let split = || {
            let mut parts = [""; PARTS];
            let mut found = self.text.splitn(PARTS, ':');
            for part in &mut parts {
                *part = found.next()?;
            }
            Some(parts)
        };
        self.parts.get_or_init(split).as_ref()
    }
}

/// A compiled ARN.
#[derive(Clone, Debug)]
pub(crate) enum ArnPattern {
    /// `*`, also for what is no ARN.
    Any,
    /// Without wildcards and variables.
    Exact(Box<str>),
    Parts(Box<[Pattern; PARTS]>),
    /// With a variable that stands for more than the last part: compared as text.
    Text(Pattern),
}

impl ArnPattern {
    pub fn compile(text: &str, variables: bool) -> Self {
        let notation = Notation { wildcards: true, variables, case: Case::Sensitive };
        if text == "*" {
            return Self::Any;
        }
        let whole = Pattern::compile(text, notation);
        if let Some(exact) = whole.exact()
            && exact.splitn(PARTS, ':').count() == PARTS
        {
            return Self::Exact(exact.into());
        }
        if variables && has_early_variable(text) {
            return Self::Text(whole);
        }
        let mut parts = [Pattern::ANY; PARTS];
        for (part, text) in parts.iter_mut().zip(text.splitn(PARTS, ':')) {
            *part = Pattern::compile(text, notation);
        }
        Self::Parts(Box::new(parts))
    }

    pub fn keys(&self) -> u128 {
        match self {
            Self::Any | Self::Exact(_) => 0,
            Self::Parts(parts) => parts.iter().fold(0, |keys, part| keys | part.keys()),
            Self::Text(pattern) => pattern.keys(),
        }
    }

    pub fn matches(&self, arn: &ArnText<'_>, context: &dyn Context) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => **exact == *arn.text,
            Self::Text(pattern) => pattern.matches(arn.text, context),
            // From the end, where ARNs differ most.
            Self::Parts(patterns) => arn.parts().is_some_and(|parts| {
                let mut pairs = patterns.iter().zip(parts).rev();
                pairs.all(|(pattern, part)| pattern.is_any() || pattern.matches(part, context))
            }),
        }
    }
}

/// Whether a variable stands before the last part, where none may be in a resource ("IAM User Guide: IAM policy elements: Variables and
/// tags: Where you can use policy variables").
pub(crate) fn has_early_variable(text: &str) -> bool {
    text.find("${").is_some_and(|at| text.get(..at).is_some_and(|before| before.matches(':').count() < PARTS - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Absent;

    fn matches(pattern: &str, text: &str) -> bool {
        ArnPattern::compile(pattern, true).matches(&ArnText::new(text), &Absent)
    }

    #[test]
    fn parts_are_separate() {
        // The example of "IAM JSON policy elements: Condition operators".
        let pattern = "arn:aws:someservice:*:111122223333:finance/*";
        assert!(!matches(
            pattern,
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
        ));
        assert!(matches(pattern, "arn:aws:someservice:us-east-2:111122223333:finance/document.txt"));
        assert!(matches("*", "*"));
        assert!(matches("*", "no arn"));
        assert!(!matches("arn:aws:dynamodb:*:*:*", "*"));
        assert!(matches("arn:aws:dynamodb:*:*:*", "arn:aws:dynamodb:r:a:table/T/stream/2024:01:01"));
        assert!(matches("arn:aws:dynamodb", "arn:aws:dynamodb:r:a:table/T"));
        assert!(!matches("arn:aws:dynamodb", "arn:aws:dynamodb:r"));
        assert!(!matches("arn:aws:dynamodb:r:a:table/T", "arn:aws:dynamodb:r:a:table/T2"));
    }
}
