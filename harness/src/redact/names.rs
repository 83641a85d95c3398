//! What is secret by its name: headers of HTTP, fields of JSON and of forms.

/// The headers whose value is a credential, or holds one.
const HEADERS: [&str; 15] = [
    "authorization",
    "proxyauthorization",
    "xauthorization",
    "wwwauthenticate",
    "proxyauthenticate",
    "cookie",
    "setcookie",
    "xsyncmlhmac",
    "mssignature",
    "xmsclientcert",
    "xclientcert",
    "xapikey",
    "xauthtoken",
    "xfunctionskey",
    "ocpapimsubscriptionkey",
];

/// Fields that hold a secret.
const FIELDS: [&str; 16] = [
    "pwd",
    "pin",
    "bearer",
    "sig",
    "assertion",
    "clientassertion",
    "devicehardwaredata",
    "hardwaredata",
    "hwdevid",
    "mobileid",
    "imei",
    "imsi",
    "iccid",
    "macaddress",
    "wlanmacaddress",
    "phonenumber",
];

/// What ends the names of others.
const ENDS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "productkey",
    "accesskey",
    "serialnumber",
];

/// What stands in the query of a device's address (\[MS-MDM\] 2.1), and is not secret.
const PLAIN: [&str; 2] = ["mode", "platform"];

/// Whether the value of a header is secret.
pub(super) fn is_header(name: &str) -> bool {
    HEADERS.contains(&&*folded(name))
}

/// Whether the value of a field, or of a header, is secret, however its name is written.
pub(super) fn is_field(name: &str) -> bool {
    let name = folded(name);
    HEADERS.contains(&&*name) || FIELDS.contains(&&*name) || ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether the value of a parameter is not secret.
pub(super) fn is_plain(name: &str) -> bool {
    PLAIN.contains(&&*folded(name))
}

/// `clientSecret`, `client_secret` and `Client-Secret` are the same.
fn folded(name: &str) -> String {
    let letters = name.trim().chars().filter(|character| !matches!(character, '-' | '_' | ' ' | '.'));
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}
