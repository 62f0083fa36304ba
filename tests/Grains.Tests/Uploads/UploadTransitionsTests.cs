using Media.Grains.Uploads;

namespace Media.Grains.Tests.Uploads;

public sealed class UploadTransitionsTests
{
    private static readonly Dictionary<UploadState, string> Expected = new()
    {
        [UploadState.Created] = "Uploading Completing Duplicate Aborted Expired Failed",
        [UploadState.Uploading] = "Completing Duplicate Aborted Expired Failed",
        [UploadState.Completing] = "Uploading Stored Aborted Failed",
        [UploadState.Stored] = "Verifying Failed",
        [UploadState.Verifying] = "Verified Duplicate Mismatched Failed",
        [UploadState.Verified] = "",
        [UploadState.Duplicate] = "",
        [UploadState.Mismatched] = "",
        [UploadState.Aborted] = "",
        [UploadState.Expired] = "",
        [UploadState.Failed] = "",
    };

    [Fact]
    public void IsAllowed_EveryPairOfStates_IsAsWrittenDown()
    {
        var states = Enum.GetValues<UploadState>();
        foreach (var from in states)
            Assert.Equal(Expected[from], string.Join(' ', states.Where(to => UploadTransitions.IsAllowed(from, to))));
    }

    [Fact]
    public void IsFinal_EveryState_IsFinalWhereNothingFollows()
    {
        foreach (var (state, next) in Expected)
            Assert.Equal(next.Length == 0, UploadTransitions.IsFinal(state));
    }
}
