//! The account of a device: from its file into the tree, and back out of it.

use std::sync::Arc;
use std::time::Duration;

use csp_model::csp::dmacc::{AuthLevel, AuthType, account_uid};
use csp_model::csp::dmclient::{Poll, PollSet};
use csp_model::device::{Parts, Profile};
use csp_model::tree::{Setting, Transaction};
use csp_model::{Device, DeviceFile, LocUri};

const ENROLLED: &str = r#"
[account]
provider = "MS DM Server"
name = "Contoso"
address = "<https://one.example/><https://two.example/>"
preference = "DIGEST"
default_encoding = "application/vnd.syncml.dm+wbxml"
[account.appsrv]
type = "DIGEST"
name = "lab-01"
secret = "hush"
nonce = "Tm9uY2U="
[account.client]
type = "HMAC"
secret = "hush"
[account.poll]
first_interval = 5
remaining_retries = 2
on_login = true
"#;

fn device(text: &str) -> Device {
    let file = DeviceFile::from_toml(text).expect("a file");
    Device::new(Arc::new(Profile::new(file).expect("a profile")))
}

fn put(device: &mut Device, uri: &str, data: &str) {
    let uri = LocUri::parse(uri).expect("an address");
    let setting = Setting { data: Some(data), ..Setting::default() };
    let put = device.replace(&uri, setting, Transaction::None);
    put.or_else(|_| device.add(&uri, setting, Transaction::None)).expect("a node");
}

#[test]
fn a_file_that_says_nothing_is_enrolled() {
    let device = device("");
    let account = device.account(None).expect("an account");
    assert_eq!(account.uid, "427585B3C7773A4171AF8E817B7E87303EC055C8919F2ACE754C297DC4E4533D");
    assert_eq!((account.provider.as_str(), account.name.as_deref()), ("cspsim", None));
    assert_eq!(account.address, "https://mdm.contoso.com/ManagementServer/MDM.svc");
    assert_eq!((account.preference, &account.appsrv, &account.client), (None, &None, &None));
    let retry = account.retry();
    assert_eq!(retry.attempts, 3);
    assert_eq!(retry.initial_back_off, Duration::from_secs(16));
    assert_eq!(retry.max_back_off, Duration::from_secs(86_400));
    assert_eq!(device.poll("cspsim"), Poll::DEFAULT);
    assert_eq!(device.accounts(), [account]);
}

#[test]
fn what_the_file_says_is_read_from_the_tree() {
    let device = device(ENROLLED);
    let account = device.account(Some("MS DM Server")).expect("an account");
    assert_eq!(account.uid, account_uid("MS DM Server"));
    assert_eq!(account.name.as_deref(), Some("Contoso"));
    assert_eq!(account.address, "https://one.example/");
    let addresses: Vec<_> = account.addresses().collect();
    assert_eq!(addresses, ["https://one.example/", "https://two.example/"]);
    assert_eq!(account.preference, Some(AuthType::Digest));
    assert_eq!(account.default_encoding.as_deref(), Some("application/vnd.syncml.dm+wbxml"));
    let appsrv = account.appsrv.as_ref().expect("credentials");
    assert_eq!((appsrv.kind, appsrv.name.as_str()), (AuthType::Digest, "lab-01"));
    assert_eq!((appsrv.secret.as_str(), appsrv.nonce.as_deref()), ("hush", Some(&b"Nonce"[..])));
    let client = account.client.as_ref().expect("credentials");
    assert_eq!((client.kind, client.name.as_str()), (AuthType::Hmac, "MS DM Server"));
    let poll = device.poll("MS DM Server");
    assert_eq!(poll.sets[0], PollSet { interval: 5, retries: 10 });
    assert_eq!(poll.sets[2], PollSet { interval: 0, retries: 2 });
    assert!(poll.on_login && !poll.on_first_login);
    assert_eq!(device.account(None), Some(account));
}

#[test]
fn a_server_changes_its_account() {
    let mut device = device(ENROLLED);
    let account = format!("./SyncML/DMAcc/{}", account_uid("MS DM Server"));
    put(&mut device, &format!("{account}/AppAuth/CLCRED/AAuthSecret"), "new");
    put(&mut device, &format!("{account}/AppAuth/CLCRED/AAuthData"), "bmV4dA==");
    put(&mut device, &format!("{account}/Ext/Microsoft/ConnRetryFreq"), "6");
    put(&mut device, &format!("{account}/Ext/Microsoft/InitialBackOffTime"), "30000");
    put(&mut device, &format!("{account}/Ext/Microsoft/MaxBackOffTime"), "-1");
    let read = device.account(None).expect("an account");
    let appsrv = read.appsrv.as_ref().expect("credentials");
    assert_eq!((appsrv.secret.as_str(), appsrv.nonce.as_deref()), ("new", Some(&b"next"[..])));
    assert_eq!((read.retry().attempts, read.retry().initial_back_off), (6, Duration::from_secs(30)));
    assert_eq!(read.retry().max_back_off, Duration::from_secs(86_400));
    let list = "./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/ManagementServerAddressList";
    put(&mut device, list, "<https://three.example/>");
    assert_eq!(device.account(None).expect("an account").address, "https://three.example/");
    put(&mut device, list, "");
    assert_eq!(device.account(None).expect("an account").address, "https://one.example/");
}

#[test]
fn a_nonce_is_kept_where_there_are_credentials() {
    let mut device = device(ENROLLED);
    let uid = account_uid("MS DM Server");
    device.set_nonce(&uid, AuthLevel::Client, &[0, 255]);
    let account = device.account(None).expect("an account");
    assert_eq!(account.client.expect("credentials").nonce, Some(vec![0, 255]));
    assert_eq!(account.appsrv.expect("credentials").nonce.as_deref(), Some(&b"Nonce"[..]));
    assert_eq!(Device::from_snapshot(device.snapshot()), Ok(device.clone()));
    let before = device.clone();
    device.set_nonce("nobody", AuthLevel::AppSrv, b"x");
    assert_eq!(device.changed_parts(&before), Parts::empty());
}

#[test]
fn an_enrolment_ends() {
    let mut device = device(ENROLLED);
    device.unenroll("other");
    assert_eq!(device.accounts().len(), 1);
    device.unenroll("MS DM Server");
    assert_eq!((device.accounts(), device.account(None)), (Vec::new(), None));
    assert_eq!(device.poll("MS DM Server"), Poll::DEFAULT);
    assert!(device.state().stored.is_empty());
    assert_eq!(device.reset().accounts().len(), 1);
}

#[test]
fn sessions_are_counted_and_kept() {
    let mut device = device("");
    let before = device.clone();
    assert_eq!([device.begin_session(), device.begin_session()], [1, 2]);
    assert_eq!(device.changed_parts(&before), Parts::SESSIONS);
    let mut again = Device::from_snapshot(device.snapshot()).expect("a device");
    assert_eq!(again.begin_session(), 3);
    assert_eq!(device.reset().sessions(), 0);
}

#[test]
fn secrets_are_not_shown_to_whoever_looks_for_faults() {
    let device = device(ENROLLED);
    let shown = format!("{device:?} {:?} {:?}", device.snapshot(), device.accounts());
    assert!(!shown.contains("hush") && !shown.contains("Tm9uY2U="));
}
