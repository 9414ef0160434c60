//! Where in a request a value stands.
//!
//! Paths live on the stack of the decoders, each step pointing at the one above it: a request without faults pays nothing for them.

/// One step below its parent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'p> {
    /// The whole input.
    Root,
    /// A structure's member: its name on the wire and its place in AWS's order of failures.
    Member(&'static str, u16),
    /// A list's element, counted from 1.
    Element(usize),
    /// A map's entry.
    Entry(&'p str),
}

/// A path from the input down to a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

impl<'p> Path<'p> {
    /// The input itself.
    pub const ROOT: Self = Self { parent: None, step: Step::Root };

    /// The path of a member.
    #[inline]
    pub fn member<'c>(&'c self, name: &'static str, rank: u16) -> Path<'c>
    where
        'p: 'c,
    {
        Path { parent: Some(self), step: Step::Member(name, rank) }
    }

    /// The path of a list's element; `index` counts from 0.
    #[inline]
    pub fn element<'c>(&'c self, index: usize) -> Path<'c>
    where
        'p: 'c,
    {
        Path { parent: Some(self), step: Step::Element(index + 1) }
    }

    /// The path of a map's entry.
    #[inline]
    pub fn entry<'c>(&'c self, key: &'c str) -> Path<'c>
    where
        'p: 'c,
    {
        Path { parent: Some(self), step: Step::Entry(key) }
    }

    /// The steps from the top, the root left out.
    pub fn steps(&self) -> Vec<Step<'p>> {
        let mut steps = Vec::new();
        let mut next = Some(self);
        while let Some(path) = next {
            if !matches!(path.step, Step::Root) {
                steps.push(path.step);
            }
            next = path.parent;
        }
        steps.reverse();
        steps
    }

    /// The input's member that the path leads through, and the first map key below it.
    pub fn top(&self) -> (&'static str, &'p str) {
        let steps = self.steps();
        let member = match steps.first() {
            Some(Step::Member(name, _)) => name,
            _ => "",
        };
        let key = steps.iter().find_map(|step| if let Step::Entry(key) = step { Some(*key) } else { None });
        (member, key.unwrap_or_default())
    }
}
