using System.Buffers.Text;
using System.Collections.Immutable;
using Media.Api.Permissions;
using Media.Grains.Uploads;
using Media.Tests.Support;
using Microsoft.AspNetCore.DataProtection;

namespace Media.Api.Tests.Permissions;

public sealed class PermissionEnvelopeTests
{
    private readonly EphemeralDataProtectionProvider provider = new();
    private readonly ManualTimeProvider time = new();

    private PermissionEnvelope Envelope => new(provider, time);

    [Theory]
    [InlineData(null, null)]
    [InlineData(5L, 1L << 40)]
    public void Open_WhatWasSealed_IsTheSame(long? files, long? bytes)
    {
        var permission = Sample() with { MaxFiles = files, MaxBytes = bytes };
        var opened = Envelope.Open(Envelope.Seal(permission)).Permission!;
        Assert.Equal(permission.ContentTypes, opened.ContentTypes);
        Assert.Equal(permission, opened with { ContentTypes = permission.ContentTypes });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Open_Sealed_TellsWhetherForAnAdministrator(bool isAdministrator) =>
        Assert.Equal(isAdministrator, Envelope.Open(Envelope.Seal(Sample(), isAdministrator)).IsAdministrator);

    [Fact]
    public void Open_Sealed_TellsUntilWhenItCanBeRenewed()
    {
        var until = time.GetUtcNow() + TimeSpan.FromDays(7);
        Assert.Equal(until, Envelope.Open(Envelope.Seal(Sample(), renewableUntil: until)).RenewableUntil);
        Assert.Null(Envelope.Open(Envelope.Seal(Sample())).RenewableUntil);
    }

    [Fact]
    public void Seal_Usual_FitsIntoAPathAsItIs()
    {
        var text = Envelope.Seal(Sample());
        Assert.All(text, c => Assert.True(char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
        Assert.InRange(text.Length, 1, 400);
    }

    [Fact]
    public void Open_AtItsExpiry_IsExpired()
    {
        var text = Envelope.Seal(Sample());
        time.Advance(TimeSpan.FromHours(2) - TimeSpan.FromMilliseconds(1));
        Assert.NotNull(Envelope.Open(text).Permission);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal((null, true), (Envelope.Open(text).Permission, Envelope.Open(text).Expired));
    }

    [Fact]
    public void Open_AnyByteChanged_IsForged()
    {
        var bytes = Base64Url.DecodeFromChars(Envelope.Seal(Sample()));
        for (var i = 0; i < bytes.Length; i++)
        {
            var changed = bytes.ToArray();
            changed[i] ^= 1;
            Assert.Equal(OpenedEnvelope.Forged, Envelope.Open(Base64Url.EncodeToString(changed)));
        }
    }

    [Fact]
    public void Open_CutShort_IsForged()
    {
        var text = Envelope.Seal(Sample());
        for (var length = 0; length < text.Length; length++)
            Assert.Equal(OpenedEnvelope.Forged, Envelope.Open(text[..length]));
        Assert.Equal(OpenedEnvelope.Forged, Envelope.Open(text + "AAAA"));
        Assert.Equal(OpenedEnvelope.Forged, Envelope.Open(new string('A', 100_000)));
        Assert.Equal(OpenedEnvelope.Forged, Envelope.Open("not base64url: ../é"));
    }

    [Fact]
    public void Open_SealedForAnotherPurposeOrByAnotherServer_IsForged()
    {
        var bytes = Base64Url.DecodeFromChars(Envelope.Seal(Sample()));
        var content = provider.CreateProtector(PermissionEnvelope.UploadPurpose).Unprotect(bytes);
        Assert.NotNull(Envelope.Open(Base64Url.EncodeToString(provider.CreateProtector(PermissionEnvelope.UploadPurpose).Protect(content))).Permission);
        Assert.Equal(OpenedEnvelope.Forged, Envelope.Open(Base64Url.EncodeToString(provider.CreateProtector("media.permission.delivery.v1").Protect(content))));
        Assert.Equal(OpenedEnvelope.Forged, new PermissionEnvelope(new EphemeralDataProtectionProvider(), time).Open(Envelope.Seal(Sample())));
    }

    private Permission Sample() =>
        new(PermissionId.New(), "ada", ImmutableArray.Create("image/*", "video/mp4"), 5L << 40, 10_000, null, time.GetUtcNow() + TimeSpan.FromHours(2));
}
