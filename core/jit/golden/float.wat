;; fadd.d ft0, ft1, ft2, dyn
;; fmul.s ft3, ft3, ft3, rtz
;; flt.d a0, ft0, ft1
;; fsgnjx.d ft4, ft4, ft4
;; csrrw a0, fflags, a0
;; wfi
(func $region (param i32) (param i32) (param i32) (result i32)
  (local i32 i64 i64 f64 f64 f64 f64 f64 f64 i64 i32 f32 f64 f32 i64 i64 i64)
  (local.set 3 (i32.load offset=left (i32.const 0)))
  (if (;unlikely;) (i32.or (i32.atomic.load offset=attention (i32.const 0)) (i32.shr_u (local.get 3) (i32.const 31))) (then
    (return (i32.const 2))
  ))
  (local.set 12 (select (i64.const -216172782113783808) (i64.const 0) (i32.and (i32.eqz (i32.load offset=frm (i32.const 0))) (i32.and (i32.load offset=fflags (i32.const 0)) (i32.const 1)))))
  (local.set 19 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (local.set 4 (i64.extend_i32_u (i32.load offset=dataContext (i32.const 0))))
  (block $leave1
    (if (;unlikely;) (i32.ne (i32.and (i32.load offset=mstatus (i32.const 0)) (i32.const 24576)) (i32.const 24576)) (then
      (return (i32.const 1))
    ))
    (local.set 5 (i64.load offset=x10 (i32.const 0)))
    (local.set 6 (f64.load offset=f0 (i32.const 0)))
    (local.set 7 (f64.load offset=f1 (i32.const 0)))
    (local.set 8 (f64.load offset=f2 (i32.const 0)))
    (local.set 9 (f64.load offset=f3 (i32.const 0)))
    (local.set 10 (f64.load offset=f4 (i32.const 0)))
    (local.set 11 (f64.add (local.get 7) (local.get 8)))
    (if (;unlikely;) (i64.ge_u (i64.shl (i64.reinterpret_f64 (local.get 11)) (i64.const 1)) (local.get 12)) (then
      (if (;unlikely;) (i32.gt_u (i32.load offset=frm (i32.const 0)) (i32.const 4)) (then
        (local.set 13 (i32.const 1))
        (br $leave1)
      ))
      (local.set 11 (f64.reinterpret_i64 (call $f64_add (i64.reinterpret_f64 (local.get 7)) (i64.reinterpret_f64 (local.get 8)) (i32.load offset=frm (i32.const 0)))))
      (local.set 12 (select (i64.const -216172782113783808) (i64.const 0) (i32.and (i32.eqz (i32.load offset=frm (i32.const 0))) (i32.and (i32.load offset=fflags (i32.const 0)) (i32.const 1)))))
    ))
    (local.set 6 (local.get 11))
    (local.set 11 (local.get 9))
    (local.set 14 (f32x4.extract_lane 0 (f64x2.splat (local.get 11))))
    (if (;unlikely;) (i32.ne (i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64 (local.get 11)) (i64.const 32))) (i32.const -1)) (then
      (local.set 14 (f32.reinterpret_i32 (i32.const 2143289344)))
    ))
    (local.set 15 (local.get 9))
    (local.set 16 (f32x4.extract_lane 0 (f64x2.splat (local.get 15))))
    (if (;unlikely;) (i32.ne (i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64 (local.get 15)) (i64.const 32))) (i32.const -1)) (then
      (local.set 16 (f32.reinterpret_i32 (i32.const 2143289344)))
    ))
    (local.set 17 (call $f32_mul (i64.extend_i32_u (i32.reinterpret_f32 (local.get 14))) (i64.extend_i32_u (i32.reinterpret_f32 (local.get 16))) (i32.const 1)))
    (local.set 9 (f64.reinterpret_i64 (i64.or (local.get 17) (i64.const -4294967296))))
    (local.set 17 (i64.extend_i32_u (f64.lt (local.get 6) (local.get 7))))
    (block $certain
      (block $doubt
        (br_if (;unlikely;) $doubt (i32.eqz (f64.le (local.get 6) (local.get 6))))
        (br_if (;likely;) $certain (i32.eqz (i32.eqz (f64.le (local.get 7) (local.get 7)))))
      )
      (local.set 17 (call $f64_lt (i64.reinterpret_f64 (local.get 6)) (i64.reinterpret_f64 (local.get 7))))
    )
    (local.set 5 (local.get 17))
    (local.set 10 (f64.abs (local.get 10)))
    (if (i64.eq (i64.and (i64.load offset=mstatus (i32.const 0)) (i64.const 24576)) (i64.const 0)) (then
      (local.set 13 (i32.const 8209))
      (br $leave1)
    ))
    (local.set 17 (i64.load32_u offset=fflags (i32.const 0)))
    (local.set 18 (local.get 5))
    (i64.store32 offset=fflags (i32.const 0) (i64.and (local.get 18) (i64.const 31)))
    (i64.store offset=mstatus (i32.const 0) (i64.or (i64.load offset=mstatus (i32.const 0)) (i64.const 24576)))
    (local.set 5 (local.get 17))
    (local.set 12 (select (i64.const -216172782113783808) (i64.const 0) (i32.and (i32.eqz (i32.load offset=frm (i32.const 0))) (i32.and (i32.load offset=fflags (i32.const 0)) (i32.const 1)))))
    (local.set 3 (i32.sub (local.get 3) (i32.const 5)))
    (local.set 13 (i32.const 10241))
    (br $leave1)
  )
  (i64.store offset=x10 (i32.const 0) (local.get 5))
  (f64.store offset=f0 (i32.const 0) (local.get 6))
  (f64.store offset=f3 (i32.const 0) (local.get 9))
  (f64.store offset=f4 (i32.const 0) (local.get 10))
  (local.set 3 (i32.sub (local.get 3) (i32.and (i32.shr_u (local.get 13) (i32.const 2)) (i32.const 127))))
  (i64.store offset=pc (i32.const 0) (i64.add (local.get 19) (i64.extend_i32_s (i32.shr_s (local.get 13) (i32.const 9)))))
  (i32.store offset=left (i32.const 0) (local.get 3))
  (return (i32.and (local.get 13) (i32.const 3))))
