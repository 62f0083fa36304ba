using System.Runtime.Versioning;
using Media.Tests.Support;

namespace Media.AppHost.Tests.Host;

[UnsupportedOSPlatform("windows")]
public sealed class DeliverySecretTests
{
    [Fact]
    public void ReadOrMake_TwiceForAFolder_IsTheSameAndNobodyElsesToRead()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();

        var secret = DeliverySecret.ReadOrMake(folder.FullName);

        Assert.Equal(32, Convert.FromHexString(secret).Length);
        Assert.Equal(secret, DeliverySecret.ReadOrMake(folder.FullName));
        Assert.NotEqual(secret, DeliverySecret.ReadOrMake(other.FullName));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.Path("delivery-secret")));
    }

    [Fact]
    public void ReadOrMake_DiedBeforeItWasWhole_MakesAWholeOne()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.Path("delivery-secret.new"), "half");

        Assert.Equal(32, Convert.FromHexString(DeliverySecret.ReadOrMake(folder.FullName)).Length);
    }
}
