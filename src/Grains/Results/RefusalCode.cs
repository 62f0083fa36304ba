using Orleans;

namespace Media.Grains.Results;

/// <summary>Why an expected request was turned down. Doors translate a code into their own contract's words in one place each.</summary>
[GenerateSerializer, Alias("media.refusal-code")]
public enum RefusalCode
{
    /// <summary>A value is missing, of the wrong form or out of its limits; <see cref="Refusal.Errors"/> names the fields.</summary>
    InvalidRequest,

    /// <summary>No upload has this tag.</summary>
    UploadNotFound,

    /// <summary>The upload belongs to another user.</summary>
    NotYourUpload,

    /// <summary>The upload is in a state in which this cannot be done.</summary>
    WrongState,

    /// <summary>Another client instance holds the upload's lease.</summary>
    UploadLocked,

    /// <summary>The client instance held the lease and was displaced by a takeover.</summary>
    LeaseLost,

    /// <summary>A part number outside the plan.</summary>
    InvalidPart,

    /// <summary>Parts are absent from the store or have the wrong size; <see cref="Refusal.Parts"/> has their numbers.</summary>
    PartsMissing,

    /// <summary>Parts in the store have other ETags than the client named; <see cref="Refusal.Parts"/> has their numbers.</summary>
    PartChanged,

    /// <summary>A part other than the last is under the store's smallest part size; <see cref="Refusal.Parts"/> has their numbers.</summary>
    PartTooSmall,

    /// <summary>The store no longer has the multipart upload; a new upload has to be created.</summary>
    UploadGone,

    /// <summary>The upload was opened with another piece hash than it is to be completed with.</summary>
    HashConflict,

    /// <summary>The permission does not allow this content type.</summary>
    ContentTypeNotAllowed,

    /// <summary>The file is larger than the permission, or the product, allows.</summary>
    FileTooLarge,

    /// <summary>The permission's number of files or bytes is used up.</summary>
    QuotaExceeded,

    /// <summary>The same user has an upload of this content in progress. Seen only between grains: the caller resumes that one.</summary>
    AlreadyInProgress,

    /// <summary>The database did not answer for this row of a batch; a single request gets the exception.</summary>
    StorageUnavailable,

    /// <summary>The object store did not answer for this row of a batch; a single request gets the exception.</summary>
    ObjectStoreUnavailable,
}
