using Orleans;

namespace Media.Grains.Uploads;

/// <summary>Where an upload session is. <see cref="UploadTransitions"/> has the moves between them.</summary>
[GenerateSerializer, Alias("media.upload-state")]
public enum UploadState
{
    /// <summary>Accepted; nothing is asked of the store yet, or a single PUT is awaited.</summary>
    Created,

    /// <summary>The store has a multipart upload that takes parts.</summary>
    Uploading,

    /// <summary>The store has been, or is about to be, asked to put the parts together.</summary>
    Completing,

    /// <summary>The object is in the bucket, with the size that was promised.</summary>
    Stored,

    /// <summary>The object is being read back and hashed.</summary>
    Verifying,

    /// <summary>The object's hash is known, is what was promised, and the file is in the catalog.</summary>
    Verified,

    /// <summary>The content was in the bucket already; the catalog refers to it.</summary>
    Duplicate,

    /// <summary>The object's hash is not what was promised.</summary>
    Mismatched,

    /// <summary>Given up by its owner.</summary>
    Aborted,

    /// <summary>Given up because nobody touched it for its lifetime.</summary>
    Expired,

    /// <summary>The store lost it, or it broke a rule that only shows at the end.</summary>
    Failed,
}
