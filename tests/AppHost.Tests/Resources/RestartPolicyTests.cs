using Media.AppHost.Resources;

namespace Media.AppHost.Tests.Resources;

public sealed class RestartPolicyTests
{
    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(2, 1)]
    [InlineData(6, 16)]
    [InlineData(7, 30)]
    [InlineData(int.MaxValue, 30)]
    public void DelayAfter_FailuresInARow_DoublesUpToTheLongest(int failures, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), new RestartPolicy().DelayAfter(failures));
}
