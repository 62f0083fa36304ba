using System.Collections.Immutable;
using Media.Grains.Results;
using Orleans;
using Orleans.Concurrency;

namespace Media.Grains.Uploads;

/// <summary>
/// One upload, from its creation to its end; the key is its tag. Every rule about uploads is here, whatever door a request came through.
/// All methods can be repeated. Those that take a <see cref="Caller"/> with a client id renew that client's lease, or are refused for it.
/// </summary>
[Alias("media.IUploadSessionGrain")]
public interface IUploadSessionGrain : IGrainWithStringKey
{
    /// <summary>Starts the session, and the store's multipart upload where the plan has one. The request has been checked.</summary>
    /// <returns><see cref="RefusalCode.AlreadyInProgress"/> where the user has this content in progress under another tag.</returns>
    Task<Result<OpenedUpload>> CreateAsync(NewUpload request, UploadPlan plan, CancellationToken cancellationToken);

    /// <summary>Starts a session whose file comes by one POST of a form. The request has been checked.</summary>
    Task<Result<OpenedForm>> CreateFormAsync(NewUpload request, CancellationToken cancellationToken);

    /// <summary>Goes on with a session in progress: takes the lease, and tells what the store has.</summary>
    /// <returns><see cref="RefusalCode.UploadGone"/> where the store has lost it, and the session has ended for that.</returns>
    Task<Result<OpenedUpload>> ResumeAsync(NewUpload request, CancellationToken cancellationToken);

    /// <summary>Whether there is a session, once what is under way has ended.</summary>
    Task<bool> ExistsAsync(CancellationToken cancellationToken);

    /// <summary>The session as it is.</summary>
    [AlwaysInterleave]
    Task<Result<Upload>> GetAsync(Caller caller, CancellationToken cancellationToken);

    /// <summary>Signs URLs for parts. Nothing is written for it.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="parts">Part numbers, at most 1 000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Result<SignedParts>> SignPartsAsync(Caller caller, ImmutableArray<int> parts, CancellationToken cancellationToken);

    /// <summary>Signs URLs for parts of an upload with checksums. Nothing is written for it.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="parts">At most 1 000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Result<SignedParts>> SignCheckedPartsAsync(Caller caller, ImmutableArray<CheckedPart> parts, CancellationToken cancellationToken);

    /// <summary>Signs a form for a file that goes in one piece. Nothing is written for it.</summary>
    Task<Result<SignedForm>> SignFormAsync(Caller caller, CancellationToken cancellationToken);

    /// <summary>The parts that the store has, to its last page, without those of the wrong size.</summary>
    Task<Result<PartList>> ListPartsAsync(Caller caller, CancellationToken cancellationToken);

    /// <summary>Takes, renews or takes over the lease.</summary>
    /// <param name="caller">Must have a client id.</param>
    /// <param name="takeOver">Whether to displace another holder.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Result<Lease>> TakeLeaseAsync(Caller caller, bool takeOver, CancellationToken cancellationToken);

    /// <summary>Gives the lease back. Of no effect where the caller does not hold it.</summary>
    Task<Result<Upload>> ReleaseLeaseAsync(Caller caller, CancellationToken cancellationToken);

    /// <summary>Puts the parts together, and makes sure of the object's size.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="parts">The parts as the client knows them, in any order, or null to go by what the store has.</param>
    /// <param name="pieceHash">The piece hash, by a client that computed it while it uploaded; null for none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Result<Upload>> CompleteAsync(Caller caller, ImmutableArray<NamedPart>? parts, string? pieceHash, CancellationToken cancellationToken);

    /// <summary>
    /// Takes the answer to a challenge. A right one makes the upload a duplicate. A wrong one, one that comes late, and null, which turns the challenge down, let
    /// the upload go its usual way.
    /// </summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="digest">Base32 of the SHA-256, see <see cref="Challenge"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Result<OpenedUpload>> AnswerChallengeAsync(Caller caller, string? digest, CancellationToken cancellationToken);

    /// <summary>Called by the verification job when it starts, or starts again.</summary>
    /// <returns>The upload, which is being verified from now on, or has ended; null where there is none.</returns>
    Task<Upload?> BeginVerificationAsync(CancellationToken cancellationToken);

    /// <summary>Called when the content is known and the file is in the catalog.</summary>
    /// <param name="actual">What was found.</param>
    /// <param name="duplicate">Whether the content had been there before.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task RecordVerifiedAsync(ActualContent actual, bool duplicate, CancellationToken cancellationToken);

    /// <summary>Called when the content is not what was promised, and the object is in quarantine.</summary>
    /// <param name="actual">What was found.</param>
    /// <param name="reason">What is wrong, in words for the owner.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task RecordMismatchAsync(ActualContent actual, string reason, CancellationToken cancellationToken);

    /// <summary>Called when the object is gone from the bucket before it was verified.</summary>
    Task RecordLostAsync(string reason, CancellationToken cancellationToken);

    /// <summary>Gives the upload up, and what the store has of it.</summary>
    Task<Result<Upload>> AbortAsync(Caller caller, CancellationToken cancellationToken);

    /// <summary>Called by the sweeper when the session's time seems to be up: finishes a completion that was cut off, or ends an untouched session.</summary>
    Task SweepAsync(CancellationToken cancellationToken);
}
