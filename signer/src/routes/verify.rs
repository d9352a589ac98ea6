//! Whether what is stored is the file of an upload.

use nearput_api::Plan;

use crate::aws::StoredObject;
use crate::checksum::Checksum;
use crate::error::Error;
use crate::plan::Cut;

/// Compares size and checksum. Where the object is not surely the upload's own, nothing but its checksum tells it from another's.
pub(super) fn verify(stored: &StoredObject, cut: &Cut, checksum: Option<&Checksum>, is_own: bool) -> Result<(), Error> {
    let mismatch = |message| if is_own { Error::Mismatch(message) } else { Error::ObjectExists };
    if stored.size != cut.size {
        return Err(mismatch("the stored object has another size than the file"));
    }
    match (&stored.checksum, checksum) {
        (Some(stored), Some(announced)) if stored != announced.as_str() => {
            Err(mismatch("the stored object has another checksum than the file"))
        }
        // Nothing else has held the bytes of a form to the checksum, and nothing else tells the file from another's.
        (None, Some(_)) if cut.plan == Plan::Form || !is_own => Err(Error::NoChecksum),
        (None | Some(_), None | Some(_)) => Ok(()),
    }
}
