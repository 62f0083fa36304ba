using Media.Silo.Outbox;

namespace Media.Silo.Tests.Outbox;

public sealed class WebhookSecretTests
{
    // The example that the libraries of the specification are tested with.
    [Fact]
    public void Sign_TheSpecificationsExample_IsItsSignature() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        WebhookSecret.Parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, """{"test": 2432232314}"""u8));

    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Parse_KeyOfALength_IsTakenFrom24To64Bytes(int length, bool isTaken) =>
        Assert.Equal(isTaken, WebhookSecret.Parse("whsec_" + Convert.ToBase64String(new byte[length])) is not null);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_not base64 of anything at all!")]
    public void Parse_NoSecret_IsNull(string? text) => Assert.Null(WebhookSecret.Parse(text));
}
