using System.Web;
using Media.Api.Delivery;
using Media.Grains.Uploads;

namespace Media.Api.Tests.Delivery;

public sealed class DeliverySignerTests
{
    [Fact]
    public void Sign_TheKnownAnswer_IsIt()
    {
        var secret = Convert.FromHexString("8d64b043e91a4e08e492ae37b8ac96bdb89877865b9dbcbe7789766216854f90");
        var expiresAt = DateTimeOffset.FromUnixTimeMilliseconds(1733858021895) + TimeSpan.FromHours(2);
        Assert.Equal(
            "path=%2Ffolder1%2Ffolder2%2F&tick=1733865221895&seed=LsX2IlDdSRQ5ioFccXBOL&hash=tZt6CmoGaTrPCQeIpAfwmhKUn4rfpCpS9AmMx4GY2Js%3D",
            DeliverySigner.Sign(secret, "/folder1/folder2/", expiresAt, "LsX2IlDdSRQ5ioFccXBOL"));
    }

    [Fact]
    public void Sign_EveryVector_IsTheVectors()
    {
        Assert.NotEmpty(Vectors.Signatures);
        foreach (var vector in Vectors.Signatures)
        {
            var expiresAt = DateTimeOffset.FromUnixTimeMilliseconds((long)vector!["now"]! + (long)vector["lifetimeMs"]!);
            Assert.Equal(
                (string?)vector["query"],
                DeliverySigner.Sign(Convert.FromHexString((string)vector["secret"]!), (string)vector["path"]!, expiresAt, (string)vector["seed"]!));
        }
    }

    [Fact]
    public void Sign_Twice_HasAnotherSeedAndIsLetThrough()
    {
        var signer = new DeliverySigner(new RandomTagSource(), new FixedTime());
        var signed = new[] { signer.Sign(Vectors.Secrets[0], "/a/", TimeSpan.FromDays(7)), signer.Sign(Vectors.Secrets[0], "/a/", TimeSpan.FromDays(7)) };
        Assert.NotEqual(HttpUtility.ParseQueryString(signed[0].Query)["seed"], HttpUtility.ParseQueryString(signed[1].Query)["seed"]);
        foreach (var link in signed)
        {
            Assert.Equal(Vectors.Now.AddDays(7), link.ExpiresAt);
            var request = new DeliveryRequest("GET", "/a/b", link.Query, null, "https://cold3.cc/");
            var verdict = DeliveryRules.Check(request, Vectors.Secrets, Vectors.Origins, null, Vectors.Now);
            Assert.Equal(new DeliveryVerdict(DeliveryCheck.None, "/a/b", link.ExpiresAt), verdict);
        }
    }

    [Theory]
    [InlineData("a/")]
    [InlineData("/a")]
    [InlineData("")]
    public void Sign_NoFolder_IsRefused(string folder) =>
        Assert.Throws<ArgumentException>(() => DeliverySigner.Sign(Vectors.Secrets[0], folder, Vectors.Now, "s"));

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Vectors.Now;
    }
}
