using System.Collections.Immutable;
using Media.Grains.Results;
using Media.Grains.Uploads;
using Orleans;

namespace Media.Grains.Users;

/// <summary>All uploads of one user; the key is the user. Where uploads begin: a new session, or the one in progress with the same content.</summary>
[Alias("media.IUserUploadsGrain")]
public interface IUserUploadsGrain : IGrainWithStringKey
{
    /// <summary>Checks the request against the rules and the permission, then creates a session or resumes the one in progress.</summary>
    Task<Result<OpenedUpload>> OpenAsync(NewUpload request, CancellationToken cancellationToken);

    /// <summary>The same for a client that posts a form; always a new session.</summary>
    Task<Result<OpenedForm>> OpenFormAsync(NewUpload request, CancellationToken cancellationToken);

    /// <summary>The same for many files; one refusal does not touch the others.</summary>
    /// <returns>One result each, in order.</returns>
    Task<ImmutableArray<Result<OpenedUpload>>> OpenManyAsync(ImmutableArray<NewUpload> requests, CancellationToken cancellationToken);

    /// <summary>A page of the user's uploads, newest first.</summary>
    Task<Result<UploadPage>> ListAsync(UploadFilter filter, CancellationToken cancellationToken);
}

/// <summary>Which uploads to list.</summary>
/// <param name="States">Only these states; empty for all.</param>
/// <param name="After">The cursor of the page before, or null for the first page.</param>
/// <param name="Limit">At most this many, 1 to 1 000.</param>
[GenerateSerializer, Immutable, Alias("media.upload-filter")]
public sealed record UploadFilter(ImmutableArray<UploadState> States, string? After, int Limit);

/// <summary>A page of uploads.</summary>
/// <param name="Uploads">Newest first.</param>
/// <param name="Next">The cursor of the next page, or null at the end.</param>
[GenerateSerializer, Immutable, Alias("media.upload-page")]
public sealed record UploadPage(ImmutableArray<Upload> Uploads, string? Next);
