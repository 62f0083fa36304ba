namespace Media.Grains.Uploads;

/// <summary>What the verification job tells the session. Every call can be repeated: a session that has ended stays as it ended.</summary>
internal sealed partial class UploadSessionGrain
{
    public Task<Upload?> BeginVerificationAsync(CancellationToken cancellationToken) =>
        InTurnAsync(
            async () =>
            {
                if (!Exists)
                    return null;
                if (State.State == UploadState.Stored)
                {
                    Enter(UploadState.Verifying);
                    await SaveAsync();
                }

                return committed;
            },
            cancellationToken);

    public Task RecordVerifiedAsync(ActualContent actual, bool duplicate, CancellationToken cancellationToken) =>
        EndVerificationAsync(duplicate ? UploadState.Duplicate : UploadState.Verified, actual, null, cancellationToken);

    public Task RecordMismatchAsync(ActualContent actual, string reason, CancellationToken cancellationToken) =>
        EndVerificationAsync(UploadState.Mismatched, actual, reason, cancellationToken);

    public Task RecordLostAsync(string reason, CancellationToken cancellationToken) =>
        EndVerificationAsync(UploadState.Failed, null, reason, cancellationToken);

    private Task EndVerificationAsync(UploadState end, ActualContent? actual, string? reason, CancellationToken cancellationToken) =>
        InTurnAsync(
            async () =>
            {
                if (!Exists || State.State != UploadState.Verifying)
                    return false;
                Enter(end);
                State.Actual = actual;
                State.Reason = reason;
                await SaveAsync();
                return true;
            },
            cancellationToken);
}
