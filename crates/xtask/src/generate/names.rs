//! Names of the model as Rust names.

/// `TableName` -> `table_name`, `SSESpecification` -> `sse_specification`, `SizeEstimateRangeGB` -> `size_estimate_range_gb`.
pub fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let starts_word = letter.is_ascii_uppercase()
            && index > 0
            && (!letters[index - 1].is_ascii_uppercase()
                || letters.get(index + 1).is_some_and(char::is_ascii_lowercase));
        if starts_word && !text.ends_with('_') {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    if text == "type" { "r#type".to_owned() } else { text }
}

/// `ALL_OLD` -> `AllOld`, `AES256` -> `Aes256`.
pub fn variant(name: &str) -> String {
    name.split(['_', '-', ' ']).map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + &letters.as_str().to_ascii_lowercase())
        .unwrap_or_default()
}

/// `ConditionalCheckFailedException` -> `ConditionalCheckFailed`.
pub fn error_variant(name: &str) -> String {
    name.strip_suffix("Exception").unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(snake("TableName"), "table_name");
        assert_eq!(snake("SSESpecification"), "sse_specification");
        assert_eq!(snake("KMSMasterKeyArn"), "kms_master_key_arn");
        assert_eq!(snake("SizeEstimateRangeGB"), "size_estimate_range_gb");
        assert_eq!(snake("Type"), "r#type");
        assert_eq!(variant("ALL_OLD"), "AllOld");
        assert_eq!(variant("AES256"), "Aes256");
        assert_eq!(error_variant("InternalServerError"), "InternalServerError");
        assert_eq!(error_variant("ResourceInUseException"), "ResourceInUse");
    }
}
