namespace Media.Client;

/// <summary>News of an upload: an <see cref="UploadStateEvent"/> or an <see cref="UploadProgressEvent"/>.</summary>
/// <param name="Tag">The upload.</param>
public abstract record UploadEvent(string Tag);

/// <summary>An upload has entered a state.</summary>
/// <param name="Tag">The upload.</param>
/// <param name="State">Its new state.</param>
/// <param name="At">When.</param>
/// <param name="Sequence">The change's number; also the event's id, to go on from.</param>
public sealed record UploadStateEvent(string Tag, UploadState State, DateTimeOffset At, long Sequence) : UploadEvent(Tag);

/// <summary>Verification has come further.</summary>
/// <param name="Tag">The upload.</param>
/// <param name="Verified">Bytes that were read back and hashed.</param>
/// <param name="Size">Bytes in all.</param>
public sealed record UploadProgressEvent(string Tag, long Verified, long Size) : UploadEvent(Tag);
