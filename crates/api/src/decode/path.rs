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

    /// Whether this is the path of a structure's member of this name.
    #[inline]
    pub fn is_member(&self, wanted: &str) -> bool {
        matches!(self.step, Step::Member(name, _) if name == wanted)
    }

    /// Whether this is the path of a member of the input itself.
    #[inline]
    pub fn is_member_of_input(&self) -> bool {
        self.parent.is_some_and(|parent| matches!(parent.step, Step::Root))
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

    /// Where a wrong attribute value stands, as operations ask for it.
    pub fn site(&self) -> Site<'p> {
        let steps = self.steps();
        let member = |step: &Step<'p>| if let Step::Member(name, _) = step { Some(*name) } else { None };
        let entry = steps.iter().position(|step| matches!(step, Step::Entry(_)));
        let above = &steps[..entry.unwrap_or(steps.len())];
        Site {
            member: steps.first().and_then(member).unwrap_or_default(),
            element: match steps.get(1) {
                Some(Step::Element(number)) => Some(number - 1),
                _ => None,
            },
            holder: above.iter().rev().find_map(member).unwrap_or_default(),
            key: match entry.map(|at| steps[at]) {
                Some(Step::Entry(key)) => key,
                _ => "",
            },
        }
    }
}

/// The place of an attribute value in a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Site<'p> {
    /// The input's member that the path leads through.
    pub member: &'static str,
    /// Where that member is a list: the element, counted from 0.
    pub element: Option<usize>,
    /// The member that is a map with the value in it: the input's own, or one of the element's.
    pub holder: &'static str,
    /// The first map key on the way.
    pub key: &'p str,
}
