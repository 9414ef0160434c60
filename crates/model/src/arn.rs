//! Amazon resource names of tables and indexes: `arn:aws:dynamodb:REGION:ACCOUNT:table/NAME[/index/INDEX]`.
//!
//! An operation that takes a table's name takes its ARN too; [`TableReference::parse`] tells them apart.

/// The ARN of a table.
pub fn table(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:dynamodb:{region}:{account}:table/{name}")
}

/// The ARN of an index of the table with this ARN.
pub fn index(table_arn: &str, index: &str) -> String {
    format!("{table_arn}/index/{index}")
}

/// The ARN of a stream of the table with this ARN.
pub fn stream(table_arn: &str, label: &str) -> String {
    format!("{table_arn}/stream/{label}")
}

/// A stream's ARN taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamReference<'a> {
    /// The Region it names.
    pub region: &'a str,
    /// The account it names.
    pub account: &'a str,
    /// The table's name.
    pub table: &'a str,
    /// The stream's label.
    pub label: &'a str,
}

impl<'a> StreamReference<'a> {
    /// Takes a stream's ARN apart; `None` for anything else.
    pub fn parse(arn: &'a str) -> Option<Self> {
        let (table_arn, label) = arn.split_once("/stream/")?;
        match TableReference::parse(table_arn) {
            TableReference::Arn { region, account, name } => Some(Self { region, account, table: name, label }),
            TableReference::Name(_) => None,
        }
    }
}

/// What a request named as its table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableReference<'a> {
    /// A bare name, of the caller's own account.
    Name(&'a str),
    /// An ARN taken apart.
    Arn {
        /// The Region it names.
        region: &'a str,
        /// The account it names.
        account: &'a str,
        /// The table's name.
        name: &'a str,
    },
}

impl<'a> TableReference<'a> {
    /// Takes a name or a table's ARN apart. What is no table ARN is a name, which its own rules then refuse.
    pub fn parse(text: &'a str) -> Self {
        Self::parse_arn(text).unwrap_or(Self::Name(text))
    }

    fn parse_arn(text: &'a str) -> Option<Self> {
        // The hot path: a name has no colon.
        let rest = text.strip_prefix("arn:")?;
        let mut parts = rest.splitn(5, ':');
        let (_partition, service, region, account, resource) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let name = resource.strip_prefix("table/")?;
        (service == "dynamodb" && !name.contains('/')).then_some(Self::Arn { region, account, name })
    }

    /// The table's name.
    pub fn name(self) -> &'a str {
        match self {
            Self::Name(name) | Self::Arn { name, .. } => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_arns() {
        let arn = table("eu-west-1", "000000000000", "Music");
        assert_eq!(arn, "arn:aws:dynamodb:eu-west-1:000000000000:table/Music");
        assert_eq!(index(&arn, "ByYear"), "arn:aws:dynamodb:eu-west-1:000000000000:table/Music/index/ByYear");
        assert_eq!(
            TableReference::parse(&arn),
            TableReference::Arn { region: "eu-west-1", account: "000000000000", name: "Music" }
        );
        let stream = stream(&arn, "2015-05-20T20:51:10.252");
        let parts =
            StreamReference::parse(&stream).map(|parts| (parts.region, parts.account, parts.table, parts.label));
        assert_eq!(parts, Some(("eu-west-1", "000000000000", "Music", "2015-05-20T20:51:10.252")));
        assert_eq!(StreamReference::parse(&arn), None);
        assert_eq!(TableReference::parse("Music"), TableReference::Name("Music"));
        assert_eq!(TableReference::parse("arn:aws:s3:::bucket").name(), "arn:aws:s3:::bucket");
    }
}
